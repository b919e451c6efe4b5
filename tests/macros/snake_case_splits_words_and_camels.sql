with

cases as (

    select
        unnest([
            'Product Viewed',
            'productViewed',
            '  Coupon--Copied! ',
            'page_view',
            'Step 2',
            '!?',
            null
        ]) as given,
        unnest([
            'product_viewed',
            'product_viewed',
            'coupon_copied',
            'page_view',
            'step_2',
            null,
            null
        ]) as expected

),

final as (

    select
        given,
        expected,
        {{ snake_case('given') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
